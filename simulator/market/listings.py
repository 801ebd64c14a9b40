"""What is known of real listings: conids, exchanges, names, sectors. A symbol that is not here gets a made-up conid.

One line a listing: symbol, conid, exchange, type, sector, group, industry, name. The conids are the broker's own, as
public code and documents show them.
"""

from __future__ import annotations

# fmt: off
LISTINGS = """\
AAPL|265598|NASDAQ|COMMON|Technology|Computers|Computers|APPLE INC
ABBV|118089500|NYSE|COMMON|Consumer, Non-cyclical|Pharmaceuticals|Pharmaceuticals|ABBVIE INC
ADBE|265768|NASDAQ|COMMON|Technology|Software|Software|ADOBE INC
ADI|4157|NASDAQ|COMMON|Technology|Semiconductors|Semiconductors|ANALOG DEVICES INC
ADP|4661|NASDAQ|COMMON|Technology|Software|Software|AUTOMATIC DATA PROCESSING
AEP|4211|NASDAQ|COMMON|Utilities|Electric|Electric|AMERICAN ELECTRIC POWER
AMD|4391|NASDAQ|COMMON|Technology|Semiconductors|Semiconductors|ADVANCED MICRO DEVICES
AMGN|266145|NASDAQ|COMMON|Consumer, Non-cyclical|Biotechnology|Biotechnology|AMGEN INC
AMZN|3691937|NASDAQ|COMMON|Communications|Internet|Internet|AMAZON.COM INC
AVGO|313130367|NASDAQ|COMMON|Technology|Semiconductors|Semiconductors|BROADCOM INC
AXP|4721|NYSE|COMMON|Financial|Diversified Financial Services|Credit Cards|AMERICAN EXPRESS CO
BA|4762|NYSE|COMMON|Industrial|Aerospace/Defense|Aerospace/Defense|BOEING CO/THE
BAC|10098|NYSE|COMMON|Financial|Banks|Banks|BANK OF AMERICA CORP
C|87335484|NYSE|COMMON|Financial|Banks|Banks|CITIGROUP INC
CAT|5437|NYSE|COMMON|Industrial|Machinery-Constr&Mining|Machinery|CATERPILLAR INC
COST|272997|NASDAQ|COMMON|Consumer, Cyclical|Retail|Retail|COSTCO WHOLESALE CORP
CSCO|268084|NASDAQ|COMMON|Communications|Telecommunications|Networking|CISCO SYSTEMS INC
CVX|5684|NYSE|COMMON|Energy|Oil&Gas|Oil&Gas|CHEVRON CORP
DIS|6459|NYSE|COMMON|Communications|Media|Media|WALT DISNEY CO/THE
F|9599491|NYSE|COMMON|Consumer, Cyclical|Auto Manufacturers|Auto Manufacturers|FORD MOTOR CO
GE|7516|NYSE|COMMON|Industrial|Miscellaneous Manufactur|Manufacturing|GENERAL ELECTRIC CO
GILD|269753|NASDAQ|COMMON|Consumer, Non-cyclical|Biotechnology|Biotechnology|GILEAD SCIENCES INC
GOOG|208813720|NASDAQ|COMMON|Communications|Internet|Internet|ALPHABET INC-CL C
GOOGL|208813719|NASDAQ|COMMON|Communications|Internet|Internet|ALPHABET INC-CL A
GS|4627828|NYSE|COMMON|Financial|Banks|Banks|GOLDMAN SACHS GROUP INC
HD|7930|NYSE|COMMON|Consumer, Cyclical|Retail|Retail|HOME DEPOT INC
HON|4350|NASDAQ|COMMON|Industrial|Electronics|Electronics|HONEYWELL INTERNATIONAL INC
IBKR|43645865|NASDAQ|COMMON|Financial|Diversified Financial Services|Brokerage|INTERACTIVE BROKERS GRO-CL A
IBM|8314|NYSE|COMMON|Technology|Computers|Computer Services|INTL BUSINESS MACHINES CORP
INTC|270639|NASDAQ|COMMON|Technology|Semiconductors|Semiconductors|INTEL CORP
IWM|9579970|ARCA|ETF||||ISHARES RUSSELL 2000 ETF
JNJ|8719|NYSE|COMMON|Consumer, Non-cyclical|Pharmaceuticals|Pharmaceuticals|JOHNSON & JOHNSON
JPM|1520593|NYSE|COMMON|Financial|Banks|Banks|JPMORGAN CHASE & CO
KO|8894|NYSE|COMMON|Consumer, Non-cyclical|Beverages|Beverages|COCA-COLA CO/THE
MA|38685693|NYSE|COMMON|Financial|Diversified Financial Services|Payments|MASTERCARD INC - A
MCD|9408|NYSE|COMMON|Consumer, Cyclical|Retail|Restaurants|MCDONALD'S CORP
META|107113386|NASDAQ|COMMON|Communications|Internet|Internet|META PLATFORMS INC-CLASS A
MRK|70101545|NYSE|COMMON|Consumer, Non-cyclical|Pharmaceuticals|Pharmaceuticals|MERCK & CO. INC.
MS|2841574|NYSE|COMMON|Financial|Banks|Banks|MORGAN STANLEY
MSFT|272093|NASDAQ|COMMON|Technology|Software|Software|MICROSOFT CORP
NFLX|15124833|NASDAQ|COMMON|Communications|Internet|Internet|NETFLIX INC
NKE|10291|NYSE|COMMON|Consumer, Cyclical|Apparel|Apparel|NIKE INC -CL B
NVDA|4815747|NASDAQ|COMMON|Technology|Semiconductors|Semiconductors|NVIDIA CORP
ORCL|272800|NYSE|COMMON|Technology|Software|Software|ORACLE CORP
PEP|11017|NASDAQ|COMMON|Consumer, Non-cyclical|Beverages|Beverages|PEPSICO INC
PFE|11031|NYSE|COMMON|Consumer, Non-cyclical|Pharmaceuticals|Pharmaceuticals|PFIZER INC
PG|11406|NYSE|COMMON|Consumer, Non-cyclical|Cosmetics/Personal Care|Household|PROCTER & GAMBLE CO/THE
QCOM|273544|NASDAQ|COMMON|Technology|Semiconductors|Semiconductors|QUALCOMM INC
QQQ|320227571|NASDAQ|ETF||||INVESCO QQQ TRUST SERIES 1
SBUX|274105|NASDAQ|COMMON|Consumer, Cyclical|Retail|Restaurants|STARBUCKS CORP
SPY|756733|ARCA|ETF||||SPDR S&P 500 ETF TRUST
T|37018770|NYSE|COMMON|Communications|Telecommunications|Telecommunications|AT&T INC
TSLA|76792991|NASDAQ|COMMON|Consumer, Cyclical|Auto Manufacturers|Auto Manufacturers|TESLA INC
TXN|13096|NASDAQ|COMMON|Technology|Semiconductors|Semiconductors|TEXAS INSTRUMENTS INC
UNH|13272|NYSE|COMMON|Consumer, Non-cyclical|Healthcare-Services|Healthcare|UNITEDHEALTH GROUP INC
V|49462172|NYSE|COMMON|Financial|Diversified Financial Services|Payments|VISA INC-CLASS A SHARES
VZ|4901|NYSE|COMMON|Communications|Telecommunications|Telecommunications|VERIZON COMMUNICATIONS INC
WFC|10375|NYSE|COMMON|Financial|Banks|Banks|WELLS FARGO & CO
WMT|13824|NYSE|COMMON|Consumer, Cyclical|Retail|Retail|WALMART INC
XOM|13977|NYSE|COMMON|Energy|Oil&Gas|Oil&Gas|EXXON MOBIL CORP
"""
# fmt: on

# Where a symbol is listed outside of the USA as well: conid and exchange. It can be looked up, not traded here; a
# client that does not choose by isUS finds several contracts, as at the broker.
FOREIGN_LISTINGS = {"AAPL": ((38708077, "MEXI"), (273982664, "EBS"))}

# Names that a listing had before; a file of older bars may still use them.
FORMER_SYMBOLS = {"FB": "META"}

# Where the rest of the usual large US names is listed; what is neither here nor above is taken as listed on the NYSE.
NASDAQ = frozenset(
    """
    AAL ADSK AGN AKAM ALGN ALXN AMAT AMCR ATVI BIIB BKNG BMRN CA CDNS CDW CELG CERN CHRW CHTR CINF CMCSA CME COO CPRT
    CSX CTAS CTSH CTXS DISCA DISCK DISH DLTR DXCM EA EBAY EQIX ESRX ETFC EXC EXPD EXPE FANG FAST FFIV FISV FITB FLIR FOX
    FOXA
    FTNT GRMN GT HAS HBAN HOLX HSIC IDXX ILMN INCY INTU ISRG JBHT KHC KLAC LKQ LNT LRCX LULU MAR MAT MCHP MDLZ MELI MNST
    MRNA MRVL MU MXIM MYL NAVI NCLH NDAQ NTAP NTRS NWS NWSA ODFL ON ORLY PANW PAYX PBCT PCAR PCLN PDD PFG PYPL QRVO REG
    REGN ROST SBAC SCG SIVB SNI SNPS SPLK SRCL STX SWKS SYMC TEAM TMUS TRIP TROW TSCO TTWO UAL ULTA VIAB VRSK VRSN VRTX
    WBA WDAY WDC WLTW WYNN XEL XLNX XRAY ZION ZM
    """.split()  # noqa: SIM905  (a list of 150 quoted words reads worse)
)
